"""Words as they are compared: typed wide or narrow, in traditional or simplified characters, with blanks or without."""

BLANKS = "".join(map(chr, (*range(9, 14), *range(28, 33), 0x85, 0xA0, 0x1680, *range(0x2000, 0x200C))))
BLANKS += "\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
"""What is nothing to see at either end of a cell: all spaces, the full-width one, and marks without a width."""

# Full-width forms only. The rest of NFKC would make 102 of 10² and 1 of ①: other numbers than were meant.
_NARROW = {0xFEE0 + code: code for code in range(0x21, 0x7F)} | {0x3000: 0x20, 0xA0: 0x20, 0x2212: 0x2D}

# Not all there are: those of the declarations, of the register and of its neighbourhood, with one meaning each.
_TRADITIONAL = (
    "並佔併來係倉個備傭債傷僅僱價億償優儲兒內兩冊別刪則創劃劇動務勞勵區協卹參員問啟喪單噸嚴國圍園圖執堅報"
    "場塊墾壇壓壞壩壽婦孫學實審寫寬寶將專尋對導屆層屬島峽崗嶺嶼帥師帳帶幣幫幹幾庫廁廚廟廠廣廳張強後徑從復"
    "徵態慮慶憂憑應懲懷懸戰戲戶拋掛採揀換揮損搶撐撥撫擁擇擊擔據擴敗敵數斃斷於時暢曆曬書會桿條棄棟業極構樁"
    "樂樓標樞樣樹橋機橫檔檢櫃櫻欄權歐歲歷歸殘殺氈氣決沒沖況淨淺測準溝溫滅滯滲滿漁漢潔澆澤濃濕濟濾瀝灑灣災"
    "為無煉煙熱燈燒營燭爐爭爺牆狀獎獨獲獸獻現環璽瓊甌甕產畝畢畫異當疊瘋瘓瘡療癒癱發盡監盤盧眾確碼磚礎礦祿"
    "禦禮禿稅種稱穀積穩穫窩窮竄竈竊競筆節範築篩簡簽籃籌籬粵糞糧糾紀約紅納紐純紙級紛紡細終組結絕絡統絲經綜"
    "綠綢維網緊緒線緝緣編緩緯練縣縮縱總績織繞繡繩繪繫繳繼續罰罷習聖聞聯聰聲職聽肅脈脫腎腦腫膚膠膽臉臟臥臨"
    "臺與舉舊艙艦艱莊莖華萬葉葦葷蒼蓋蓮薦薩藍藝藥蘆蘇蘋蘭處虛號虧蝕蝦蟲蠟蠶術衛裏補裝裡製複襯襲見規視親覺"
    "觀觸訂計訊討訓託記訟訪設許訴診註詐評詞詢試話詳誌認誘語誠誤說誰課調談請論諮諾講謹證識譜譯議護讀變讓讚"
    "豎豐豬貓負財貢貧貨販責貯貴買貸費貼貿賀賃資賑賓賞賠賢賣賤賦質賬賭賴購賽贈贊贏趕趙跡踐蹟蹤車軌軍軟軸較"
    "載輔輕輛輩輪輯輸轄轉轎辦辭辯農連進遊運過達遞遠遲遷選遺遼還邊邏郵鄉鄧鄭鄰醫醬釀釋釐釘針釣鈉鈔鈣鉀鉛銀"
    "銅銘銷鋁鋒鋤鋪鋼錄錢錨錫錯鍋鍛鍵鎮鏈鐘鐵鑄鑑鑒鑰鑽長門閉開閏閒間閘閩閱闊關闢陝陣陰陳陸陽隊階際隨險隸"
    "隻雙雛雜雞離難雲電霧靈靜鞏響頁頂頃項順須預頒領頭頻顆題額顏願顛類顧顯風颱飛飢飪飯飲飼飽飾養餓餘館馬駐"
    "駕駛騙騾驅驗驚驟驢體髮魚魯鮮鯉鳥鳴鴨鴿鵝鵪鶉鶴鷹鹼鹽麗麥麵黃點黨齊齒齡龍龜"
)
_SIMPLIFIED = (
    "并占并来系仓个备佣债伤仅雇价亿偿优储儿内两册别删则创划剧动务劳励区协恤参员问启丧单吨严国围园图执坚报"
    "场块垦坛压坏坝寿妇孙学实审写宽宝将专寻对导届层属岛峡岗岭屿帅师帐带币帮干几库厕厨庙厂广厅张强后径从复"
    "征态虑庆忧凭应惩怀悬战戏户抛挂采拣换挥损抢撑拨抚拥择击担据扩败敌数毙断于时畅历晒书会杆条弃栋业极构桩"
    "乐楼标枢样树桥机横档检柜樱栏权欧岁历归残杀毡气决没冲况净浅测准沟温灭滞渗满渔汉洁浇泽浓湿济滤沥洒湾灾"
    "为无炼烟热灯烧营烛炉争爷墙状奖独获兽献现环玺琼瓯瓮产亩毕画异当叠疯痪疮疗愈瘫发尽监盘卢众确码砖础矿禄"
    "御礼秃税种称谷积稳获窝穷窜灶窃竞笔节范筑筛简签篮筹篱粤粪粮纠纪约红纳纽纯纸级纷纺细终组结绝络统丝经综"
    "绿绸维网紧绪线缉缘编缓纬练县缩纵总绩织绕绣绳绘系缴继续罚罢习圣闻联聪声职听肃脉脱肾脑肿肤胶胆脸脏卧临"
    "台与举旧舱舰艰庄茎华万叶苇荤苍盖莲荐萨蓝艺药芦苏苹兰处虚号亏蚀虾虫蜡蚕术卫里补装里制复衬袭见规视亲觉"
    "观触订计讯讨训托记讼访设许诉诊注诈评词询试话详志认诱语诚误说谁课调谈请论咨诺讲谨证识谱译议护读变让赞"
    "竖丰猪猫负财贡贫货贩责贮贵买贷费贴贸贺赁资赈宾赏赔贤卖贱赋质账赌赖购赛赠赞赢赶赵迹践迹踪车轨军软轴较"
    "载辅轻辆辈轮辑输辖转轿办辞辩农连进游运过达递远迟迁选遗辽还边逻邮乡邓郑邻医酱酿释厘钉针钓钠钞钙钾铅银"
    "铜铭销铝锋锄铺钢录钱锚锡错锅锻键镇链钟铁铸鉴鉴钥钻长门闭开闰闲间闸闽阅阔关辟陕阵阴陈陆阳队阶际随险隶"
    "只双雏杂鸡离难云电雾灵静巩响页顶顷项顺须预颁领头频颗题额颜愿颠类顾显风台飞饥饪饭饮饲饱饰养饿余馆马驻"
    "驾驶骗骡驱验惊骤驴体发鱼鲁鲜鲤鸟鸣鸭鸽鹅鹌鹑鹤鹰碱盐丽麦面黄点党齐齿龄龙龟"
)
_FOLDED = (
    str.maketrans(_TRADITIONAL, _SIMPLIFIED) | _NARROW | dict.fromkeys(map(ord, BLANKS + "_"))  # None takes it out
)


def narrow(text: str) -> str:
    """Full-width digits, letters and signs as plain ones, without blanks at the ends: `３．５　` as `3.5`."""
    return (text if text.isascii() else text.translate(_NARROW)).strip(BLANKS)


def folded(text: str) -> str:
    """A word as others are compared with it: case, blanks, `_`, width and simplified characters make no difference."""
    return text.translate(_FOLDED).casefold()
